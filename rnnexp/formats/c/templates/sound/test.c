/* Sound, and the input codes of its frames: those of the NumPy reference. With float, they may be $apart off. */
#define SOUND_SAMPLES $test_samples
#define SOUND_FRAMES $test_frames
#ifdef ${P}_FLOAT_SOUND
#define APART $apart
#else
#define APART 0
#endif

static const int16_t FLASH sound_samples[SOUND_SAMPLES] = {
$test_sound
};

static const $input_type FLASH sound_codes[SOUND_FRAMES * ${P}_FEATURES] = {
$test_codes
};

/* Samples come in pieces, as from a converter. */
static int sound_right(void)
{
    static ${p}_sound sound;
    static int16_t piece[97];
    static $input_type codes[${P}_FEATURES];
    int32_t begin = 0, place = 0, i;
    int equal = 1;
    ${p}_sound_init(&sound);
    while (begin < SOUND_SAMPLES) {
        const int16_t *samples = piece;
        int32_t count;
        for (count = 0; count < 97 && begin < SOUND_SAMPLES; count++) {
            piece[count] = sound_samples[begin++];
        }
        while (${p}_sound_push(&sound, &samples, &count, codes)) {
            for (i = 0; i < ${P}_FEATURES && place < SOUND_FRAMES * ${P}_FEATURES; i++) {
                const int32_t difference = (int32_t)codes[i] - sound_codes[place++];
                equal = equal && difference >= -APART && difference <= APART;
            }
        }
    }
    return equal && place == SOUND_FRAMES * ${P}_FEATURES;
}

