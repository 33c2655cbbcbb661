/* $name: a self-test. The input codes are from the validation data, the expected codes from the integer reference.
 *
 *   cc -std=c99 -o $name-test $name.c $name-test.c && ./$name-test
 */
#include <stdio.h>

#include "$name.h"

#define SEQUENCES $sequences
#define VALUES (${P}_TIME_STEPS * ${P}_FEATURES)

static const int8_t inputs[SEQUENCES][VALUES] = {
$inputs
};

static const int16_t last_states[SEQUENCES][${P}_UNITS] = {
$last_states
};

static const int8_t last_outputs[SEQUENCES][${P}_OUTPUTS] = {
$last_outputs
};

int main(void)
{
    int sequence, i, wrong = 0;
    for (sequence = 0; sequence < SEQUENCES; sequence++) {
        ${p}_state state;
        int8_t stepped[${P}_OUTPUTS], whole[${P}_OUTPUTS];
        int32_t time;
        int right = 1;
        ${p}_init(&state);
        for (time = 0; time < ${P}_TIME_STEPS; time++) {
            ${p}_step(&state, inputs[sequence] + time * ${P}_FEATURES);
        }
        ${p}_output(&state, stepped);
        ${p}_run(inputs[sequence], whole);
        for (i = 0; i < ${P}_UNITS; i++) {
            right = right && state.values[i] == last_states[sequence][i];
        }
        for (i = 0; i < ${P}_OUTPUTS; i++) {
            right = right && stepped[i] == last_outputs[sequence][i] && whole[i] == last_outputs[sequence][i];
        }
        if (!right) {
            printf("sequence %d: other codes than the reference\n", sequence);
            wrong++;
        }
    }
    printf("$name: %d of %d sequences right\n", SEQUENCES - wrong, SEQUENCES);
    return wrong != 0;
}
