"""One file a source; each has functions that return `Raw`."""
