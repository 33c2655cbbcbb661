
$about
#define ${P}_SAMPLE_RATE $sample_rate
#define ${P}_CLIP_SAMPLES $clip_samples
#define ${P}_FRAME_LENGTH $frame_length
#define ${P}_FRAME_STEP $frame_step

#ifdef ${P}_FLOAT_SOUND
typedef float ${p}_part;
#else
typedef int32_t ${p}_part;
#endif

/* What listens: the samples of the next frame, how many of them are there (below 0, so many are left out before it), the
 * bits that they use, and the parts of a spectrum while it is computed. */
typedef struct {
    int32_t count;
    uint32_t used;
    ${p}_part parts[$parts];
    int16_t samples[$samples];
} ${p}_sound;

/* Begins to listen. */
void ${p}_sound_init(${p}_sound *sound);

/* Takes samples, as many as there are at a time, and stops where a frame is whole: then it returns 1, and codes has the
 * frame's input codes. samples and count go on to what it has not taken yet.
 *
 *   while (${p}_sound_push(&sound, &samples, &count, codes)) {
 *       (a time step of $features codes)
 *   } */
int ${p}_sound_push(
    ${p}_sound *sound, const int16_t **samples, int32_t *count, $input_type codes[${P}_FEATURES]);
