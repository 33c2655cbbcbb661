/* $name: an example. It goes from $what to answers, prints these beside what they should be, and returns 0 if they are.
 *
 *   cc -std=c99 -o $name-main $name.c $name-main.c && ./$name-main
 */
#include <stdio.h>

#include "$name.h"

/* Numbers stay in flash where that is another memory, and are fetched from there. */
#ifdef __AVR__
#include <avr/pgmspace.h>
#define IN_FLASH PROGMEM
#define FETCH memcpy_P
#else
#include <string.h>
#define IN_FLASH
#define FETCH memcpy
#endif

#define SEQUENCES $sequences
#define ANSWERS ($answers)
#define TOLERANCE $tolerance
$classes
static const $given_type IN_FLASH given[SEQUENCES][${P}_TIME_STEPS * ${P}_FEATURES] = {
$given
};

${lengths}static const $expected_type IN_FLASH expected[SEQUENCES][ANSWERS] = {
$expected
};

static $window_type window[${P}_TIME_STEPS * ${P}_FEATURES];
static $made_type made[ANSWERS];
static $expected_type wanted[ANSWERS];

/* Makes the answers to one of the sequences, fetches those that are expected, and returns how many numbers each are. */
static int answer(int sequence)
{
$buffers$length$index$fetch$fetch_length
    FETCH(wanted, expected[sequence], sizeof wanted);
    $call
    return $count;
}

/* Whether a number of the answers is what is expected. */
static int is_right(int number)
{
    const double difference = (double)made[number] - (double)wanted[number];
    return difference >= -TOLERANCE && difference <= TOLERANCE;
}

int main(void)
{
    int sequence, i, wrong = 0;
    for (sequence = 0; sequence < SEQUENCES; sequence++) {
        const int count = answer(sequence);
        printf("sequence %d:\n", sequence + 1);
$print
        for (i = 0; i < count; i++) {
            wrong += !is_right(i);
        }
    }
    printf("$name: %s\n", wrong ? "other answers than expected" : "as expected");
    return wrong != 0;
}
