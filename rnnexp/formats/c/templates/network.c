/* $name: see the header. */
#include "$name.h"

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#define ALIGNED __attribute__((aligned(4)))
#else
#define INLINE static
#define ALIGNED
#endif

$flash
/* What no sum can overflow: of products row by row, and all others. */
typedef $row_sum row_sum;
typedef $accumulator accumulator;

/* value / 2**bits, rounded down. What >> makes of a negative number is up to the compiler. */
#if (-1 >> 1) == -1
#define FLOOR_SHIFT(value, bits) ((value) >> (bits))
#else
#define FLOOR_SHIFT(value, bits) ((value) >= 0 ? (value) >> (bits) : -((-(value) - 1) >> (bits)) - 1)
#endif

${round_shift}INLINE accumulator clamp(accumulator value, accumulator low, accumulator high)
{
    return value < low ? low : value > high ? high : value;
}

$saturated$multiply$look_up$between$value_codes$rows$clear$copy
$cells

#define VALUES $values
$window_size
$output_constants

$output_function$window$definitions$class_definitions$value_definitions$sound_definitions$detector_definitions
