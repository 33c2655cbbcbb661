
#ifndef ${P}_NO_FLOAT

/* All that has floating point; if ${P}_NO_FLOAT is defined, nothing has. Real values are double, so that codes are the
 * same as in Python. Define ${P}_REAL as float, for all files alike, where that is too slow: a value right between two
 * codes may then get the other one. */
#ifndef ${P}_REAL
#define ${P}_REAL double
#endif
typedef ${P}_REAL ${p}_real;
$functions

#endif
