"""hotswap at home in shells, frameworks and loops.  Each imports the core, never the other way round."""
