/* With the DSP extension of Arm: two products an instruction. */
#include <arm_acle.h>
typedef int32_t value_code;
$mve
#define CODES(values, inputs) ((values) + EVEN(inputs) / 2)
#define FOUR_ROWS
#define TWO_ROWS
$dsp_place
/* A word of two weights, and the codes of two values. */
#define ADD(sum, both) (sum) = $smlad((both) & 0x3f003f, lower, $smlad(both, now, sum))

INLINE int32_t codes_of_pair(int32_t both, value_code *codes)
{
    const int32_t upper = __sadd16(both, 0x200020) & ~0x3f003f;
    codes[0] = both;
    codes[1] = __ssub16(upper, both);
    return upper;
}

INLINE int32_t codes_of_values(const int16_t *values, int count, value_code *codes)
{
    int32_t sum = 0;
    int i;
    for (i = 0; i + 1 < count; i += 2) {
        sum = __smlad(codes_of_pair(pair(values + i), codes + i), 0x10001, sum);
    }
    return count & 1 ? sum + (int16_t)codes_of_pair(values[i] & 0xffff, codes + i) : sum;
}
$inputs
INLINE void add_four_rows(const int16_t *weights, int values, int inputs, const value_code *codes, row_sum sums[4])
{
    const int stride = values + EVEN(inputs);
    const int16_t *end = weights + values;
    row_sum one = sums[0], two = sums[1], three = sums[2], four = sums[3];
#ifdef EIGHT_COLUMNS
    for (; end - weights >= 8; weights += 8, codes += 8) {
        const int32x4x2_t now = vld2q_s32(codes);
        one = add_eight(one, weights, now);
        two = add_eight(two, weights + stride, now);
        three = add_eight(three, weights + 2 * stride, now);
        four = add_eight(four, weights + 3 * stride, now);
    }
#endif
    while (weights != end) {
        const int32_t second = weights_of(weights + stride), third = weights_of(weights + 2 * stride);
        const int32_t fourth = weights_of(weights + 3 * stride), first = weights_of(weights);
        const int32_t now = codes[0], lower = codes[1];
        ADD(one, first);
        ADD(two, second);
        ADD(three, third);
        ADD(four, fourth);
        weights += 2;
        codes += 2;
    }
    end += EVEN(inputs);
#ifdef EIGHT_COLUMNS
    for (; inputs >= 8; inputs -= 8, weights += 8, codes += 4) {
        const int32x4_t now = vldrwq_s32(codes);
        one = add_eight_inputs(one, weights, now);
        two = add_eight_inputs(two, weights + stride, now);
        three = add_eight_inputs(three, weights + 2 * stride, now);
        four = add_eight_inputs(four, weights + 3 * stride, now);
    }
#endif
    while (weights != end) {
        const int32_t now = *codes++;
        one = $smlad(weights_of(weights), now, one);
        two = $smlad(weights_of(weights + stride), now, two);
        three = $smlad(weights_of(weights + 2 * stride), now, three);
        four = $smlad(weights_of(weights + 3 * stride), now, four);
        weights += 2;
    }
    sums[0] = one;
    sums[1] = two;
    sums[2] = three;
    sums[3] = four;
}

INLINE void add_two_rows(
    const int16_t *weights, int stride, int values, int inputs, const value_code *codes, row_sum sums[2])
{
    const int16_t *end = weights + values;
    row_sum one = sums[0], two = sums[1];
#ifdef EIGHT_COLUMNS
    for (; end - weights >= 8; weights += 8, codes += 8) {
        const int32x4x2_t now = vld2q_s32(codes);
        one = add_eight(one, weights, now);
        two = add_eight(two, weights + stride, now);
    }
#endif
    while (weights != end) {
        const int32_t first = weights_of(weights), second = weights_of(weights + stride), now = codes[0], lower = codes[1];
        ADD(one, first);
        ADD(two, second);
        weights += 2;
        codes += 2;
    }
    end += EVEN(inputs);
#ifdef EIGHT_COLUMNS
    for (; inputs >= 8; inputs -= 8, weights += 8, codes += 4) {
        const int32x4_t now = vldrwq_s32(codes);
        one = add_eight_inputs(one, weights, now);
        two = add_eight_inputs(two, weights + stride, now);
    }
#endif
    while (weights != end) {
        const int32_t now = *codes++;
        one = $smlad(weights_of(weights), now, one);
        two = $smlad(weights_of(weights + stride), now, two);
        weights += 2;
    }
    sums[0] = one;
    sums[1] = two;
}
