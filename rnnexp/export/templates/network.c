/* $name: see the header. */
#include "$name.h"

#define INPUTS (${P}_FEATURES + ${P}_UNITS)
#define LAST_ENTRY $last_entry

/* What no sum of products can overflow. */
typedef $accumulator accumulator;

/* A weight is two numbers: the upper one meets an input's fine code, the lower one its coarse code. */
static const int8_t cell_kernel[${P}_UNITS][2 * INPUTS] = {
$cell_kernel
};

static const int32_t cell_bias[${P}_UNITS] = {
$cell_bias
};

static const int16_t activation_table[LAST_ENTRY + 1] = {
$table
};

static const int8_t output_kernel[${P}_OUTPUTS][2 * ${P}_UNITS] = {
$output_kernel
};

static const int32_t output_bias[${P}_OUTPUTS] = {
$output_bias
};

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

static accumulator multiply(const int8_t *weights, const int16_t *codes, int count, accumulator sum)
{
    int i;
    for (i = 0; i < count; i++) {
        sum += (accumulator)weights[i] * codes[i];
    }
    return sum;
}

/* The fine and the coarse code of every unit's state. */
static void state_codes(const ${p}_state *state, int16_t *codes)
{
    int i;
    for (i = 0; i < ${P}_UNITS; i++) {
        codes[2 * i] = (int16_t)($code_unit * state->values[i]);
        codes[2 * i + 1] = (int16_t)($code_unit * round_shift(state->values[i], $radix_bits));
    }
}

void ${p}_init(${p}_state *state)
{
    int i;
    for (i = 0; i < ${P}_UNITS; i++) {
        state->values[i] = 0;
    }
}

void ${p}_step(${p}_state *state, const int8_t input[${P}_FEATURES])
{
    int16_t codes[2 * INPUTS];
    int i;
    for (i = 0; i < ${P}_FEATURES; i++) {
        codes[2 * i] = (int16_t)($code_unit * $radix * input[i]);
        codes[2 * i + 1] = (int16_t)($code_unit * input[i]);
    }
    state_codes(state, codes + 2 * ${P}_FEATURES);
    for (i = 0; i < ${P}_UNITS; i++) {
        accumulator sum = multiply(cell_kernel[i], codes, 2 * INPUTS, cell_bias[i]);
        state->values[i] = activation_table[clamp(round_shift(sum, $cell_shift), 0, LAST_ENTRY)];
    }
}

void ${p}_output(const ${p}_state *state, int8_t output[${P}_OUTPUTS])
{
    int16_t codes[2 * ${P}_UNITS];
    int i;
    state_codes(state, codes);
    for (i = 0; i < ${P}_OUTPUTS; i++) {
        accumulator sum = multiply(output_kernel[i], codes, 2 * ${P}_UNITS, output_bias[i]);
        output[i] = (int8_t)clamp(round_shift(sum, $output_shift) + ${P}_OUTPUT_ZERO_POINT, -128, 127);
    }
}

void ${p}_run(const int8_t input[${P}_TIME_STEPS * ${P}_FEATURES], int8_t output[${P}_OUTPUTS])
{
    ${p}_state state;
    int32_t time;
    ${p}_init(&state);
    for (time = 0; time < ${P}_TIME_STEPS; time++) {
        ${p}_step(&state, input + time * ${P}_FEATURES);
    }
    ${p}_output(&state, output);
}
$class_definitions
