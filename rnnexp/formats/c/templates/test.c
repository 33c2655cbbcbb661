/* $name: a self-test. The input codes are from the validation data, the expected codes from the integer reference.
 *
 *   cc -std=c99 -o $name-test $name.c $name-test.c && ./$name-test
 */
#include <stdio.h>

#include "$name.h"

$flash
#define SEQUENCES $sequences
#define RESULTS ($results)

static const $input_type FLASH inputs[SEQUENCES][${P}_TIME_STEPS * ${P}_FEATURES] = {
$inputs
};

${test_lengths}static const $output_type FLASH expected[SEQUENCES][RESULTS] = {
$expected
};

/* A sequence in RAM. */
static $input_type given[${P}_TIME_STEPS * ${P}_FEATURES];

${same_codes}$check
${sound_test}int main(void)
{
    int sequence, wrong = 0;
    for (sequence = 0; sequence < SEQUENCES; sequence++) {
        int32_t i;
        for (i = 0; i < ${P}_TIME_STEPS * ${P}_FEATURES; i++) {
            given[i] = inputs[sequence][i];
        }
        if (!right(sequence)) {
            printf("sequence %d: other codes than the reference\n", sequence);
            wrong++;
        }
    }
${sound_check}    printf("$name: %d of %d sequences right\n", SEQUENCES - wrong, SEQUENCES);
    return wrong != 0;
}
