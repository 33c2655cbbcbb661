
/* The class of what is no word, and that of words that nobody asks for; -1: there is none. */
#define BACKGROUND ($background)
#define OTHERS ($others)
/* What a mean of probabilities must reach, times how many there are; in how many time steps a larger one may still come,
 * and how far words are apart at least. */
#define REACHED $reached
#define WAITED $waited
#define APART $apart

void ${p}_detector_init(${p}_detector *detector)
{
    int i, k;
    for (k = 0; k < ${P}_CLASSES; k++) {
        detector->sums[k] = 0;
        detector->lasting[k] = detector->ignored[k] = 0;
        for (i = 0; i < ${P}_SMOOTHED; i++) {
            detector->seen[i][k] = 0;
        }
    }
    detector->best = detector->age = detector->waiting = detector->rest = 0;
    detector->place = detector->number = 0;
    detector->lasts = 0;
}

int ${p}_detect(${p}_detector *detector, const int16_t probabilities[${P}_CLASSES])
{
    int k, passes = 0;
    int16_t *const oldest = detector->seen[detector->place];
    detector->place = (int16_t)((detector->place + 1) % ${P}_SMOOTHED);
    if (detector->age <= WAITED) {
        detector->age++;
    }
    for (k = 0; k < ${P}_CLASSES; k++) {
        detector->sums[k] += (int32_t)probabilities[k] - oldest[k];
        oldest[k] = probabilities[k];
        if (detector->sums[k] < REACHED) {
            /* A word that was heard has ended, or the best one so far. */
            detector->lasting[k] = 0;
            detector->lasts = (uint8_t)(detector->lasts && k != detector->number);
        }
    }
    if (detector->waiting == 0) {
        if (detector->rest > 0) {
            detector->rest--;
            return -1;
        }
        for (k = 0; k < ${P}_CLASSES; k++) {
            detector->ignored[k] = (uint8_t)(k == BACKGROUND || detector->lasting[k]);
            passes = passes || (!detector->ignored[k] && detector->sums[k] >= REACHED);
        }
        if (!passes) {
            return -1;
        }
        detector->waiting = WAITED + 1;
        detector->best = REACHED - 1;
    }
    for (k = 0; k < ${P}_CLASSES; k++) {
        if (!detector->ignored[k] && detector->sums[k] > detector->best) {
            detector->best = detector->sums[k];
            detector->number = (int16_t)k;
            detector->age = 0;
            detector->lasts = 1;
        }
    }
    if (--detector->waiting > 0) {
        return -1;
    }
    detector->lasting[detector->number] = detector->lasts;
    detector->rest = detector->age + 1 < APART ? APART - 1 - detector->age : 0;
    return detector->number == OTHERS ? -1 : detector->number;
}

#ifndef ${P}_NO_FLOAT
int ${p}_listen(${p}_detector *detector, const $output_type output[${P}_OUTPUTS])
{
    ${p}_real made[${P}_CLASSES];
    int16_t codes[${P}_CLASSES];
    int k;
    probabilities(output, made);
    for (k = 0; k < ${P}_CLASSES; k++) {
        const int32_t code = (int32_t)(made[k] * ${P}_CERTAIN + (${p}_real)0.5);
        codes[k] = (int16_t)(code < ${P}_CERTAIN ? code : ${P}_CERTAIN - 1);
    }
    return ${p}_detect(detector, codes);
}
#endif
