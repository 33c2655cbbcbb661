/* $name: an example. It listens to a second of a wav file, of 16-bit PCM, one channel and $sample_rate samples a
 * second, and prints what it most probably is, as rnnexp run does. Without a file it makes a sound of its own, and returns
 * 0 if the output is what it should be.
 *
 *   cc -std=c99 -o $name-main $name.c $name-main.c && ./$name-main clip.wav
 *
 * Where programs get no arguments, such as on a board that reads files of the debugger's, define ${P}_WAV as the file's
 * name.
 */
#include <stdio.h>
#include <string.h>

#include "$name.h"

#ifndef ${P}_WAV
#define ${P}_WAV NULL
#endif
#define CLASSES $classes
#define MOST_PROBABLE ($most_probable < CLASSES ? $most_probable : CLASSES)
/* Samples that come at once. */
#define PIECE 256

static const $output_type expected[${P}_OUTPUTS] = {$expected_output};

${wav}int main(int argc, char **argv)
{
    static ${p}_sound sound;
    static int16_t piece[PIECE];
$memory    $output_type output[${P}_OUTPUTS];
    const char *const path = argc > 1 ? argv[1] : ${P}_WAV;
    FILE *file = NULL;
    const int32_t end = path ? opened(path, &file) : ${P}_CLIP_SAMPLES;
    int32_t place = 0, frames = 0;
    int rank, i, wrong = 0, said[CLASSES] = {0};
    if (end < 0) {
        return 1;
    }
    ${p}_sound_init(&sound);
$begin    while (frames < ${P}_TIME_STEPS) {
        const int16_t *samples = piece;
        int32_t count = PIECE;
        for (i = 0; i < PIECE; i++, place++) {
            /* Behind its end there is silence. */
            piece[i] = place >= end || place >= ${P}_CLIP_SAMPLES ? 0 : !file ? made_up(place) : 0;
            if (file && place < end && place < ${P}_CLIP_SAMPLES) {
                const int32_t sample = little_endian(file, 2);
                if (sample < 0) {
                    printf("%s: cut off\n", path);
                    fclose(file);
                    return 1;
                }
                piece[i] = (int16_t)(sample < 32768 ? sample : sample - 65536);
            }
        }
        while (frames < ${P}_TIME_STEPS && ${p}_sound_push(&sound, &samples, &count, $codes)) {
$frame            frames++;
        }
    }
    if (file) {
        fclose(file);
    }
$answer    printf("word,probability\n");
    for (rank = 0; rank < MOST_PROBABLE; rank++) {
        int best = -1, tenths;
        for (i = 0; i < CLASSES; i++) {
            if (!said[i] && (best < 0 || ${p}_probability(output, i) > ${p}_probability(output, best))) {
                best = i;
            }
        }
        said[best] = 1;
        /* Without %f, which small C libraries do not have. */
        tenths = (int)(10000 * ${p}_probability(output, best) + (${p}_real)0.5);
        printf("%s,%d.%04d\n", ${p}_class_names[best], tenths / 10000, tenths % 10000);
    }
    for (i = 0; i < ${P}_OUTPUTS && !path; i++) {
        wrong = wrong || output[i] != expected[i];
    }
    if (!path) {
        printf("$name: %s\n", wrong ? "another output than expected" : "as expected");
    }
    return wrong;
}
