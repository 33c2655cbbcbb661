
#ifndef ${P}_NO_FLOAT

$functions
#endif
