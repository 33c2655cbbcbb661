/* $name: see the header. */
#include "$name.h"

/* What no sum of products can overflow. */
typedef $accumulator accumulator;

/* value / 2**bits, rounded to nearest. What >> makes of a negative number is up to the compiler, so none is shifted. */
static accumulator round_shift(accumulator value, int bits)
{
    value += (accumulator)1 << (bits - 1);
    return value >= 0 ? value >> bits : -((-value - 1) >> bits) - 1;
}

static accumulator clamp(accumulator value, accumulator low, accumulator high)
{
    return value < low ? low : value > high ? high : value;
}

$saturated$multiply$look_up/* The fine and the coarse code of every value. */
static void value_codes(const int16_t *values, int count, int16_t *codes)
{
    int i;
    for (i = 0; i < count; i++) {
        codes[2 * i] = (int16_t)($code_unit * values[i]);
        codes[2 * i + 1] = (int16_t)($code_unit * round_shift(values[i], $radix_bits));
    }
}

$input_codes$clear$copy
$cells

#define VALUES $values
$window_size
$output_kernel

$output_bias

$output_function$window$definitions$class_definitions$value_definitions
