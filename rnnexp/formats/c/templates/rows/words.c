/* On 32 bits: the product of a word of two weights' last bits and one of two lower parts, the second one ahead of the
 * first, has in its upper half what both pairs add. A half can hold the sums of 8 such products. */
typedef int32_t value_code;
#define CODES(values, inputs) (3 * (values) / 2 + (inputs))
#define TWO_ROWS
#define MOST_PAIRS 8
/* Rounded down, an upper half may be 1 too low. Biases make good for 15 of these; where there can be more of them, the
 * lower half begins in the middle. */
#define LOWER_START(values) ((values) > 15 * 2 * MOST_PAIRS ? 32768 : 0)
#define PLACE(sum, last) (__builtin_expect((uint32_t)(sum) <= (uint32_t)(last), 1) ? (sum) : (sum) < 0 ? 0 : (last))

INLINE int32_t codes_of_pair(int32_t first, int32_t second, value_code *codes)
{
    const int32_t first_upper = (first + 32) & ~63, second_upper = (second + 32) & ~63;
    codes[0] = first;
    codes[1] = second;
    codes[2] = (second_upper - second) + (first_upper - first) * 65536;
    return first_upper + second_upper;
}

INLINE int32_t codes_of_values(const int16_t *values, int count, value_code *codes)
{
    int32_t sum = 0;
    int i;
    for (i = 0; i + 1 < count; i += 2) {
        sum += codes_of_pair(values[i], values[i + 1], codes);
        codes += 3;
    }
    return count & 1 ? sum + codes_of_pair(values[i], 0, codes) : sum;
}
$inputs
INLINE void add_two_rows(
    const int16_t *weights, int stride, int values, int inputs, const value_code *codes, row_sum sums[2])
{
    row_sum one = sums[0], two = sums[1];
    const uint32_t start = LOWER_START(values);
    while (values > 0) {
        const value_code *end = codes + 3 * (values < 2 * MOST_PAIRS ? values / 2 : MOST_PAIRS);
        uint32_t lower_one = start, lower_two = start;
        do {
            const int32_t weight = weights_of(weights), other = weights_of(weights + stride);
            int32_t now = codes[2];
            lower_one += (uint32_t)(weight & 0x3f003f) * (uint32_t)now;
            lower_two += (uint32_t)(other & 0x3f003f) * (uint32_t)now;
            now = codes[0];
            one += (int16_t)weight * now;
            two += (int16_t)other * now;
            now = codes[1];
            one += (weight >> 16) * now;
            two += (other >> 16) * now;
            weights += 2;
                codes += 3;
        } while (codes != end);
        one += (int32_t)lower_one >> 16;
        two += (int32_t)lower_two >> 16;
        values -= 2 * MOST_PAIRS;
    }
    for (; inputs > 0; inputs--) {
        const int32_t now = *codes++;
        one += weights[0] * now;
        two += weights[stride] * now;
        weights++;
    }
    sums[0] = one;
    sums[1] = two;
}

