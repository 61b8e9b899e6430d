"""What planning is made of: what statements bind and read, where names get their values, whom a change concerns."""
