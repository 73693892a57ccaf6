"""Picture files: found in a folder, checked, decoded once and kept."""
