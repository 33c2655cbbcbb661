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

$saturated/* A weight is two numbers: the upper one meets a value's fine code, the lower one its coarse code. */
static accumulator multiply(const int8_t *weights, accumulator sum, const int16_t *codes, int count, int shift)
{
    int i;
    for (i = 0; i < count; i++) {
        sum += (accumulator)weights[i] * codes[i];
    }
    return round_shift(sum, shift);
}

$look_up/* The fine and the coarse code of every value. */
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

static void output_layer(const int16_t values[VALUES],$window_parameter int8_t output[${P}_OUTPUTS])
{
    int16_t codes[$columns];
    int i;
    value_codes(values, VALUES, codes);
$window_codes    for (i = 0; i < ${P}_OUTPUTS; i++) {
        const accumulator sum = multiply(output_kernel[i], output_bias[i], codes, $columns, $output_shift);
        output[i] = (int8_t)clamp(sum + ${P}_OUTPUT_ZERO_POINT, -128, 127);
    }
}

$window$definitions$class_definitions$encode_definition
