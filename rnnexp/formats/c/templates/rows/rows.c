/* Products of weights and values, row by row.
 *
 * A weight is w = 64 * high + low and stored as w + 32; a value is v = 64 * upper + lower. What counts is
 * 64 * (high * v + low * upper), which is w * v - low * lower. So each value has two codes, v and -lower, which meet
 * w + 32 and its last 6 bits, low + 32; what both 32 add is the same for all rows: 32 times the sum of all 64 * upper,
 * which making the codes returns. Input codes of 8 bits are values without a lower part, and have one code each.
 * So sums, and biases, which have half of what is shifted off in them, are multiples of 16; what is less, up to the 15
 * more that biases have, makes no difference. Weights and codes are in pairs: where there is an odd number, a 0 goes with the last one.
 */
#define EVEN(count) ((count) + ((count) & 1))

#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && __SIZEOF_INT__ == 4
#define WORDS_OF_PAIRS
/* Two numbers in a word, the first one in its lower half; those of weights are aligned. */
INLINE int32_t pair(const int16_t *numbers)
{
    int32_t both;
    __builtin_memcpy(&both, numbers, sizeof both);
    return both;
}

INLINE int32_t weights_of(const int16_t *weights)
{
    return pair(__builtin_assume_aligned(weights, 4));
}
#endif

#if defined(__ARM_FEATURE_SIMD32) && defined(WORDS_OF_PAIRS)
$dsp
#elif $words_fit && defined(WORDS_OF_PAIRS)
$words
#else
$plain
#endif
#ifdef TWO_ROWS
/* One row: what is only for the other one is left out by the compiler. */
INLINE row_sum row_of(const int16_t *weights, int values, int inputs, const value_code *codes, row_sum sum)
{
    row_sum sums[2];
    sums[0] = sums[1] = sum;
    add_two_rows(weights, 0, values, inputs, codes, sums);
    return sums[0];
}
#endif

/* A row's sum, shifted, or the nearer one of two limits; where there is a table, its entry at that place. */
INLINE int16_t row_result(row_sum sum, int shift, const int16_t FLASH *table, int low, int high)
{
    sum = FLOOR_SHIFT(sum, shift);
    return table ? table[PLACE(sum, high)] : (int16_t)(sum < low ? low : sum > high ? high : sum);
}

/* All rows. Their sums begin with a bias, which has half of what is shifted off in it, less what all 32 add. */
INLINE void multiply_rows(
    const int16_t FLASH *weights, const row_sum FLASH *bias, int rows, int values, int inputs, const value_code *codes,
    row_sum added, int shift, const int16_t FLASH *table, int low, int high, int16_t *results)
{
#ifdef FOUR_ROWS
    for (; rows >= 4; rows -= 4) {
        row_sum sums[4];
        sums[0] = bias[0] - added;
        sums[1] = bias[1] - added;
        sums[2] = bias[2] - added;
        sums[3] = bias[3] - added;
        add_four_rows(weights, values, inputs, codes, sums);
        results[0] = row_result(sums[0], shift, table, low, high);
        results[1] = row_result(sums[1], shift, table, low, high);
        results[2] = row_result(sums[2], shift, table, low, high);
        results[3] = row_result(sums[3], shift, table, low, high);
        weights += 4 * (values + EVEN(inputs));
        bias += 4;
        results += 4;
    }
#endif
#ifdef TWO_ROWS
    for (; rows >= 2; rows -= 2) {
        row_sum sums[2];
        sums[0] = bias[0] - added;
        sums[1] = bias[1] - added;
        add_two_rows(weights, values + EVEN(inputs), values, inputs, codes, sums);
        results[0] = row_result(sums[0], shift, table, low, high);
        results[1] = row_result(sums[1], shift, table, low, high);
        weights += 2 * (values + EVEN(inputs));
        bias += 2;
        results += 2;
    }
#endif
    for (; rows > 0; rows--) {
        *results++ = row_result(row_of(weights, values, inputs, codes, *bias++ - added), shift, table, low, high);
        weights += values + EVEN(inputs);
    }
}

