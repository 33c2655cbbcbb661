#ifdef ${P}_FLOAT_SOUND
typedef float feature, bin_size, band_sum, feature_sum;
#define SHARE(sum) ((sum) / 65536.0f)

/* What samples are shifted by. */
INLINE int loudness(uint32_t used)
{
    (void)used;
    return 16;
}

#define LOUD(sample, louder) ((float)(sample) * (float)(1L << (louder)))

INLINE part magnitude(part real, part imaginary)
{
    return sqrtf(real * real + imaginary * imaginary);
}

INLINE feature logarithm(band_sum sum, int louder)
{
    (void)louder;
    return ${log_unit}f * logf(sum + $offset.0f);
}

INLINE int32_t scaled_code(feature value, int32_t number)
{
    const float code = ((float)multipliers[number] * value + (float)biases[number]) / $shift_unit.0f;
    return code < $lowest_input.0f ? $lowest_input : code > $highest_input.0f ? $highest_input : (int32_t)floorf(code);
}
#else
typedef int32_t feature;
typedef uint32_t bin_size;
typedef uint64_t band_sum;
typedef int64_t feature_sum;
#define SHARE(sum) FLOOR_SHIFT(sum, 16)

/* Square roots, and logarithms to base 2 of numbers from 1 to 2, with as many places between each two as 16 bits hold. */
$tables

/* How many bits of a number, above 0, are not used. */
INLINE int unused_bits(uint32_t number)
{
#if defined(__GNUC__)
    return __builtin_clzl(number) - (int)(8 * sizeof(unsigned long) - 32);
#else
    int bits = 0;
    for (; number < 0x80000000u; number <<= 1) {
        bits++;
    }
    return bits;
#endif
}

/* What samples are shifted by to be as large as 32 bits hold. */
INLINE int loudness(uint32_t used)
{
    return unused_bits(used | 1u);
}

#define LOUD(sample, louder) ((int32_t)((uint32_t)(sample) << (louder)))

INLINE part magnitude(part real, part imaginary)
{
    const int larger = unused_bits((uint32_t)(USED(real) | USED(imaginary) | 1)) - 1;
    const part a = LOUD(real, larger), b = LOUD(imaginary, larger);
    const uint32_t square = SQUARES(a, b);
    const uint32_t root = roots[square >> 22];
    return (part)((root + (root & 0xFFFFu) * (square >> 6 & 0xFFFFu)) >> larger);
}

/* A logarithm to base 2, times 65536, of a sum and an offset that is in it as often as samples are larger. */
static feature logarithm(band_sum sum, int louder)
{
    const uint64_t number = sum + ((uint64_t)$offset << (louder - 16));
    const uint32_t upper = (uint32_t)(number >> 32);
    const int shift = upper ? 32 - unused_bits(upper) : -unused_bits((uint32_t)number);
    const uint32_t mantissa = shift < 0 ? (uint32_t)number << -shift : (uint32_t)(number >> shift);
    const uint32_t place = mantissa >> 25 & 63u;
    const uint32_t more = (uint32_t)(logarithms[place + 1] - logarithms[place]) * (mantissa >> 9 & 0xFFFFu) >> 15;
    return (shift + 31 + 16 - louder) * 65536 + (int32_t)(2 * (uint32_t)logarithms[place] + more);
}

INLINE int32_t scaled_code(feature value, int32_t number)
{
    const int64_t code = FLOOR_SHIFT((int64_t)multipliers[number] * value + biases[number], $shift);
    return (int32_t)(code < $lowest_input ? $lowest_input : code > $highest_input ? $highest_input : code);
}
#endif
