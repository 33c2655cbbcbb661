/* $name: an example. It goes from $what to answers, prints these beside what they should be, and returns 0 if they are.
 *
 *   cc -std=c99 -o $name-main $name.c $name-main.c && ./$name-main
 */
#include <stdio.h>

#include "$name.h"

$flash#define SEQUENCES $sequences
#define ANSWERS ($answers)
#define TOLERANCE $tolerance

static const $given_type given[SEQUENCES][${P}_TIME_STEPS * ${P}_FEATURES] = {
$given
};

${lengths}static const $expected_type expected[SEQUENCES][ANSWERS] = {
$expected
};

int main(void)
{
$window$buffers    static $made_type made[ANSWERS];
    int sequence, i, wrong = 0;
    for (sequence = 0; sequence < SEQUENCES; sequence++) {
        const int count = $count;
$copy        $call
        printf("sequence %d:\n", sequence + 1);
$print
        for (i = 0; i < count; i++) {
            const double difference = (double)made[i] - (double)expected[sequence][i];
            wrong += !(difference >= -TOLERANCE && difference <= TOLERANCE);
        }
    }
    printf("$name: %s\n", wrong ? "other answers than expected" : "as expected");
    return wrong != 0;
}
