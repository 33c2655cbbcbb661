"""The recurrent cells: a folder each, with the layer that trains and the integers of the int8 model."""
