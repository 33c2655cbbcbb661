/* $name: a recurrent network in integers, written by rnnexp.
 *
$about
 *
 * The code of an input value is value / ${P}_INPUT_SCALE + ${P}_INPUT_ZERO_POINT, rounded to nearest and clipped to
 * -128..127; input_map says how values are made of the data. The value of an output code is
 * (code - ${P}_OUTPUT_ZERO_POINT) * ${P}_OUTPUT_SCALE.
 */
#ifndef ${P}_H
#define ${P}_H

#include <stdint.h>

#define ${P}_TIME_STEPS $steps
#define ${P}_FEATURES $features
#define ${P}_UNITS $units
#define ${P}_OUTPUTS $outputs

#define ${P}_INPUT_SCALE $input_scale
#define ${P}_INPUT_ZERO_POINT ($input_zero_point)
#define ${P}_OUTPUT_SCALE $output_scale
#define ${P}_OUTPUT_ZERO_POINT ($output_zero_point)
#define ${P}_STATE_SCALE $state_scale

#ifdef __cplusplus
extern "C" {
#endif

/* The hidden state, one for each stream of samples. Times ${P}_STATE_SCALE it is in real numbers. */
typedef struct {
    int16_t values[${P}_UNITS];
} ${p}_state;

/* Begins a sequence. */
void ${p}_init(${p}_state *state);

/* One time step, with the input codes of one sample. */
void ${p}_step(${p}_state *state, const int8_t input[${P}_FEATURES]);

/* The codes of the $results after the steps so far. */
void ${p}_output(const ${p}_state *state, int8_t output[${P}_OUTPUTS]);

/* A whole sequence: the input codes of all its samples, one after the other; the codes of the last $results. */
void ${p}_run(const int8_t input[${P}_TIME_STEPS * ${P}_FEATURES], int8_t output[${P}_OUTPUTS]);
$class_declarations
#ifdef __cplusplus
}
#endif

#endif
