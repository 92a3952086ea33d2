"""What schema validators cannot see: references, sizes, ports and names that must agree across files."""
