/* $name: a recurrent network in integers, written by rnnexp.
 *
$about
 *
 * $input_meaning The value of an output code is
 * (code - ${P}_OUTPUT_ZERO_POINT) * ${P}_OUTPUT_SCALE.
 *
 * One unit of the integers stands for what follows. In $name.c weights have 32 added, and biases count 1/16 of a unit and
 * have added what rounds; where weights are pairs of int8, one is $radix * the first number + the second one:
$scales
 */
#ifndef ${P}_H
#define ${P}_H

#include <stdint.h>

#define ${P}_TIME_STEPS $steps
#define ${P}_FEATURES $features
$sizes
#define ${P}_OUTPUTS $outputs

#define ${P}_INPUT_SCALE $input_scale
#define ${P}_INPUT_ZERO_POINT ($input_zero_point)
#define ${P}_OUTPUT_SCALE $output_scale
#define ${P}_OUTPUT_ZERO_POINT ($output_zero_point)
$state_scales

#ifdef __cplusplus
extern "C" {
#endif

$declarations$class_declarations$value_declarations$sound_declarations$detector_declarations
#ifdef __cplusplus
}
#endif

#endif
