
/* Numbers of a spectrum, and factors: TIMES is the upper half of the product of two numbers of 32 bits, rounded down, and
 * MORE and LESS add to a sum that of a product, and of a negative one. */
typedef ${p}_part part;
#ifdef ${P}_FLOAT_SOUND
#include <math.h>
#define FACTOR(number) ((float)(number) / 4294967296.0f)
#define TIMES(value, factor) ((value) * (factor))
#define MORE(sum, value, factor) ((sum) + (value) * (factor))
#define LESS(sum, value, factor) ((sum) - (value) * (factor))
#define HALF(value) ((value) * 0.5f)
#define QUARTER(value) ((value) * 0.25f)
#else
#define FACTOR(number) (number)
#define HALF(value) FLOOR_SHIFT(value, 1)
#define QUARTER(value) FLOOR_SHIFT(value, 2)
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__) && __ARM_ARCH >= 6 && !defined(__aarch64__)
/* One instruction each, which compilers do not make of C. */
INLINE part TIMES(part value, part factor)
{
    part upper;
    __asm__("smmul %0, %1, %2" : "=r"(upper) : "r"(value), "r"(factor));
    return upper;
}

INLINE part MORE(part sum, part value, part factor)
{
    part upper;
    __asm__("smmla %0, %1, %2, %3" : "=r"(upper) : "r"(value), "r"(factor), "r"(sum));
    return upper;
}

INLINE part LESS(part sum, part value, part factor)
{
    part upper;
    __asm__("smmls %0, %1, %2, %3" : "=r"(upper) : "r"(value), "r"(factor), "r"(sum));
    return upper;
}

#define SQUARES(a, b) ((uint32_t)MORE(TIMES(a, a), b, b))
#else
#define TIMES(value, factor) ((int32_t)FLOOR_SHIFT((int64_t)(value) * (factor), 32))
#define MORE(sum, value, factor) ((sum) + TIMES(value, factor))
#define LESS(sum, value, factor) ((sum) + TIMES(value, -(factor)))
#define SQUARES(a, b) ((uint32_t)TIMES(a, a) + (uint32_t)TIMES(b, b))
#endif
#endif

/* A number's bits, without its sign. */
#define USED(number) ((number) < 0 ? ~(number) : (number))

#define POINTS $points
#define FIRST $first
#define ROWS $rows
#define WIDTH (2 * POINTS / FIRST)
#define LAST $last
#define BANDS $bands
$constants

/* The Fourier transform of four complex numbers, in the order of reversed bits. */
INLINE void of_four(
    part *to, int32_t apart, part ar, part ai, part br, part bi, part cr, part ci, part dr, part di)
{
    const part even_r = ar + cr, even_i = ai + ci, odd_r = br + dr, odd_i = bi + di;
    const part less_r = ar - cr, less_i = ai - ci, other_r = br - dr, other_i = bi - di;
    to[0] = even_r + odd_r;
    to[1] = even_i + odd_i;
    to[apart] = even_r - odd_r;
    to[apart + 1] = even_i - odd_i;
    to[2 * apart] = less_r + other_i;
    to[2 * apart + 1] = less_i - other_r;
    to[3 * apart] = less_r - other_i;
    to[3 * apart + 1] = less_i + other_r;
}

$arithmetic
/* A windowed sample of a row, where there is one. */
#define WINDOWED(row, next) \
    ((row) < rows ? TIMES(LOUD(samples[(row) * WIDTH + i + (next)], louder), window[(row) * WIDTH + i + (next)]) : 0)

$first_stage
static void first_stage(const int16_t *samples, int louder, part *parts)
{
    int32_t i;
    for (i = 0; i < LAST; i += 2) {
        first_of(samples, louder, parts, i, ROWS);
    }
    for (; i < WIDTH; i += 2) {
        first_of(samples, louder, parts, i, ROWS - 1);
    }
}

/* A step of the other stages: of four numbers, of which three are turned. */
INLINE void turned(part *a, part *b, part *c, part *d, const part FLASH *turn)
{
    const part br = MORE(TIMES(b[0], turn[0]), b[1], turn[1]), bi = LESS(TIMES(b[1], turn[0]), b[0], turn[1]);
    const part dr = MORE(TIMES(d[0], turn[4]), d[1], turn[5]), di = LESS(TIMES(d[1], turn[4]), d[0], turn[5]);
    const part odd_r = br + dr, odd_i = bi + di, other_r = br - dr, other_i = bi - di;
    const part cr = MORE(TIMES(c[0], turn[2]), c[1], turn[3]), ci = LESS(TIMES(c[1], turn[2]), c[0], turn[3]);
    const part even_r = QUARTER(a[0]) + cr, even_i = QUARTER(a[1]) + ci;
    const part less_r = QUARTER(a[0]) - cr, less_i = QUARTER(a[1]) - ci;
    a[0] = even_r + odd_r;
    a[1] = even_i + odd_i;
    b[0] = even_r - odd_r;
    b[1] = even_i - odd_i;
    c[0] = less_r + other_i;
    c[1] = less_i - other_r;
    d[0] = less_r - other_i;
    d[1] = less_i + other_r;
}

/* The other stages: within blocks, which come to be a quarter as long. */
static void transform(part *parts)
{
    part *const end = parts + 2 * POINTS;
    const part FLASH *turn;
    part *a;
    int32_t apart;
    for (apart = WIDTH / 4; apart > 2; apart /= 4) {
        turn = turns;
        for (a = parts; a != end; a += 3 * apart) {
            part *b = a + apart, *c = b + apart, *d = c + apart;
            const part *const last = b;
            for (; a != last; a += 2, b += 2, c += 2, d += 2) {
                turned(a, b, c, d, turn);
            }
            turn += 6;
        }
    }
    /* Of blocks of four. */
    turn = turns;
    for (a = parts; a != end; a += 8) {
        turned(a, a + 2, a + 4, a + 6, turn);
        turn += 6;
    }
}

/* From the transform of even and odd samples side by side to that of all: the magnitudes of its bins. */
static void split(part *parts)
{
    const part FLASH *turn = parting;
    int32_t size;
    for (size = 2; size < POINTS; size *= 2) {
        part *near = parts + 2 * size, *far = parts + 4 * size - 2;
        for (; near < far; near += 2, far -= 2) {
            const part sum_r = near[0] + far[0], sum_i = near[1] + far[1];
            const part less_r = near[0] - far[0], less_i = near[1] - far[1];
            const part across = LESS(TIMES(sum_i, turn[0]), less_r, turn[1]);
            const part along = MORE(TIMES(less_r, turn[0]), sum_i, turn[1]);
            near[0] = magnitude(HALF(sum_r) + across, HALF(less_i) - along);
            far[0] = magnitude(HALF(sum_r) - across, HALF(less_i) + along);
            turn += 2;
        }
    }
    parts[2] = magnitude(parts[2], parts[3]);
}

/* The logarithms of mel bands: a bin between the edges of two has a share of both. */
static void bands_of(const part *parts, int louder, feature *features)
{
    const uint16_t FLASH *place = places, *weight = weights;
    band_sum before = 0;
    int32_t band, bin;
    for (band = 0; band <= BANDS; band++) {
        band_sum all = 0, rising = 0;
        for (bin = counts[band]; bin > 0; bin--) {
            const bin_size size = (bin_size)parts[2 * *place++];
            all += size;
            rising += (band_sum)size * *weight++;
        }
        if (band > 0) {
            features[band - 1] = logarithm(before + all * 65536 - rising, louder);
        }
        before = rising;
    }
}

static void codes_of_frame(${p}_sound *sound, $input_type *codes)
{
    feature features[BANDS];
$coefficient_array    const int louder = loudness(sound->used);
    int32_t i;
    first_stage(sound->samples, louder, sound->parts);
    transform(sound->parts);
    split(sound->parts);
    bands_of(sound->parts, louder, features);
$coefficients    for (i = 0; i < ${P}_FEATURES; i++) {
        const int32_t code = scaled_code($feature, i);
        codes[i] = ($input_type)(code < $lowest_input ? $lowest_input : code > $highest_input ? $highest_input : code);
    }
}

void ${p}_sound_init(${p}_sound *sound)
{
    int32_t i;
    for (i = 0; i < $samples; i++) {
        sound->samples[i] = 0;
    }
    sound->count = 0;
    sound->used = 0;
}

/* Copies samples, and returns the bits that they use: where one is another than that below it. The lowest bit of a sample
 * in the upper half of a word is compared with one that is none of its own, and counts for nothing. */
static uint32_t copied(const int16_t *from, int32_t count, int16_t *to)
{
    uint32_t used = 0;
    int32_t i = 0;
#if defined(__GNUC__) && defined(__ARM_FEATURE_UNALIGNED)
    for (; i + 1 < count; i += 2) {
        uint32_t both;
        __builtin_memcpy(&both, from + i, sizeof both);
        __builtin_memcpy(to + i, &both, sizeof both);
        used |= both ^ both << 1;
    }
    used |= used >> 16;
#endif
    for (; i < count; i++) {
        const uint32_t sample = (uint32_t)from[i];
        used |= sample ^ sample << 1;
        to[i] = from[i];
    }
    return used & 0xFFFFu;
}

int ${p}_sound_push(
    ${p}_sound *sound, const int16_t **samples, int32_t *count, $input_type codes[${P}_FEATURES])
{
    int32_t taken;
    /* Between frames that are apart, samples are left out. */
    for (; sound->count < 0 && *count > 0; --*count) {
        sound->count++;
        ++*samples;
    }
    if (*count <= 0) {
        return 0;
    }
    taken = *count < ${P}_FRAME_LENGTH - sound->count ? *count : ${P}_FRAME_LENGTH - sound->count;
    sound->used |= copied(*samples, taken, sound->samples + sound->count);
    sound->count += taken;
    *samples += taken;
    *count -= taken;
    if (sound->count < ${P}_FRAME_LENGTH) {
        return 0;
    }
    codes_of_frame(sound, codes);
    sound->count -= ${P}_FRAME_STEP;
$next
    return 1;
}
