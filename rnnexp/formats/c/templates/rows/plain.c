/* In plain C, which any compiler and any machine has. */
typedef int16_t value_code;
#define CODES(values, inputs) (2 * (values) + (inputs))
#define PLACE(sum, last) ((sum) < 0 ? 0 : (sum) > (last) ? (last) : (sum))

INLINE int32_t code_of(int16_t value, value_code *codes)
{
    const int32_t upper = 64 * FLOOR_SHIFT((int32_t)value + 32, 6);
    codes[0] = value;
    codes[1] = (value_code)(upper - value);
    return upper;
}

INLINE int32_t codes_of_values(const int16_t *values, int count, value_code *codes)
{
    int32_t sum = 0;
    int i;
    for (i = 0; i < count; i++) {
        sum += code_of(values[i], codes + 2 * i);
    }
    if (count & 1) {
        (void)code_of(0, codes + 2 * count);
    }
    return sum;
}
$inputs
INLINE row_sum row_of(const int16_t FLASH *weights, int values, int inputs, const value_code *codes, row_sum sum)
{
    int i;
    for (i = 0; i < values; i++) {
        sum += (int32_t)weights[i] * codes[2 * i] + (weights[i] & 63) * codes[2 * i + 1];
    }
    codes += 2 * values;
    weights += values;
    for (i = 0; i < inputs; i++) {
        sum += (int32_t)weights[i] * codes[i];
    }
    return sum;
}
