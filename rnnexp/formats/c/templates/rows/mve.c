#if defined(__ARM_FEATURE_MVE)
/* With the vector extension, which no chip has without the DSP one: eight products an instruction, of eight columns at
 * a time. What columns are left are in pairs. */
#include <arm_mve.h>
#define EIGHT_COLUMNS

/* The codes are four pairs of values in turn with four of -lower, as they are for pairs: a load takes them apart. */
INLINE int32_t add_eight(int32_t sum, const int16_t *weights, int32x4x2_t codes)
{
    const int16x8_t eight = vldrhq_s16(weights);
    sum = vmladavaq_s16(sum, eight, vreinterpretq_s16_s32(codes.val[0]));
    return vmladavaq_s16(sum, vandq_s16(eight, vdupq_n_s16(63)), vreinterpretq_s16_s32(codes.val[1]));
}

INLINE int32_t add_eight_inputs(int32_t sum, const int16_t *weights, int32x4_t codes)
{
    return vmladavaq_s16(sum, vldrhq_s16(weights), vreinterpretq_s16_s32(codes));
}
#endif
