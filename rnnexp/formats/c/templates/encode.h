
/* The input codes of one time step: $samples, the earliest first, each $numbers in the data's own units. A value right
 * between two codes may get the other one than in Python, which computes this with more digits. */
void ${p}_encode(const float values[${P}_FEATURES], $input_type codes[${P}_FEATURES]);
