/* $name: an example. It listens to a wav file of any length, of 16-bit PCM, one channel and $sample_rate samples a second,
 * and prints the words that it hears, and when, as rnnexp run does. Without a file it makes a sound of its own, and
 * returns 0 if the output is what it should be.
 *
 *   cc -std=c99 -o $name-main $name.c $name-main.c && ./$name-main recording.wav
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
/* Samples that come at once. */
#define PIECE 256

static const $output_type expected[${P}_OUTPUTS] = {$expected_output};

${wav}/* Prints when a word was heard, which, and its probability; without %f, which small C libraries do not have. */
static void print_word(int32_t frame, int word, int32_t sum)
{
    const int64_t hundredths = ((int64_t)frame * ${P}_FRAME_STEP * 100 + ${P}_SAMPLE_RATE / 2) / ${P}_SAMPLE_RATE;
    const int64_t certain = (int64_t)${P}_CERTAIN * ${P}_SMOOTHED;
    const long tenths = (long)(((int64_t)sum * 10000 + certain / 2) / certain);
    printf("%ld.%02ld,%s,%ld.%04ld\n", (long)(hundredths / 100), (long)(hundredths % 100), ${p}_class_names[word],
           tenths / 10000, tenths % 10000);
}

int main(int argc, char **argv)
{
    static ${p}_sound sound;
    static ${p}_state state;
    static ${p}_detector detector;
    static int16_t piece[PIECE];
    $input_type codes[${P}_FEATURES];
    $output_type output[${P}_OUTPUTS];
    const char *const path = argc > 1 ? argv[1] : ${P}_WAV;
    FILE *file = NULL;
    /* Of a sound of its own, it hears a sequence. */
    const int32_t own = ${P}_FRAME_LENGTH + (${P}_TIME_STEPS - 1) * ${P}_FRAME_STEP;
    const int32_t end = path ? opened(path, &file) : own;
    /* Behind the end there is a second of silence, in which the last word is heard. */
    const int32_t last = file ? end + ${P}_SAMPLE_RATE : own;
    int32_t place = 0, frame = 0;
    int i, wrong = 0;
    if (end < 0) {
        return 1;
    }
    ${p}_sound_init(&sound);
    ${p}_init(&state);
    ${p}_detector_init(&detector);
    if (path) {
        printf("seconds,word,probability\n");
    }
    while (place < last) {
        const int16_t *samples = piece;
        int32_t count = last - place < PIECE ? last - place : PIECE;
        for (i = 0; i < count; i++, place++) {
            piece[i] = file ? 0 : made_up(place);
            if (file && place < end) {
                const int32_t sample = little_endian(file, 2);
                if (sample < 0) {
                    printf("%s: cut off\n", path);
                    fclose(file);
                    return 1;
                }
                piece[i] = (int16_t)(sample < 32768 ? sample : sample - 65536);
            }
        }
        while (${p}_sound_push(&sound, &samples, &count, codes)) {
            int word;
            ${p}_step(&state, codes);
            ${p}_output(&state, output);
            word = ${p}_listen(&detector, output);
            if (path && word >= 0) {
                print_word(frame - detector.age, word, detector.best);
            }
            frame++;
        }
    }
    if (file) {
        fclose(file);
        return 0;
    }
    for (i = 0; i < ${P}_OUTPUTS; i++) {
        wrong = wrong || output[i] != expected[i];
    }
    wrong = wrong || frame != ${P}_TIME_STEPS;
    printf("$name: %s\n", wrong ? "another output than expected" : "as expected");
    return wrong;
}
