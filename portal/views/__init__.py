"""One module per page group: `bp` is its blueprint, `nav` its place in the menu."""
