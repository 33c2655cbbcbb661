/* $name: a self-test. The input codes are from the validation data, the expected codes from the integer reference.
 *
 *   cc -std=c99 -o $name-test $name.c $name-test.c && ./$name-test
 */
#include <stdio.h>

#include "$name.h"

#define SEQUENCES $sequences
#define RESULTS ($results)

static const $input_type inputs[SEQUENCES][${P}_TIME_STEPS * ${P}_FEATURES] = {
$inputs
};

${test_lengths}static const $output_type expected[SEQUENCES][RESULTS] = {
$expected
};

${same_codes}$check
int main(void)
{
    int sequence, wrong = 0;
    for (sequence = 0; sequence < SEQUENCES; sequence++) {
        if (!right(sequence)) {
            printf("sequence %d: other codes than the reference\n", sequence);
            wrong++;
        }
    }
    printf("$name: %d of %d sequences right\n", SEQUENCES - wrong, SEQUENCES);
    return wrong != 0;
}
