"""A new definition → the live one behaves so, with its undo in the journal."""
