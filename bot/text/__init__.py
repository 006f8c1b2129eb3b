"""Pure functions about text on screen: colours, lines, message packing, masking, filters."""
