
/* Words in what never ends: after each time step, the classes' probabilities come in, and now and then a word comes out.
 * All of it is in whole numbers. */
#define ${P}_CLASSES $classes
#define ${P}_SMOOTHED $smoothed
/* Of 1, a probability's code. */
#define ${P}_CERTAIN 32768

typedef struct {
    int32_t sums[${P}_CLASSES];
    int32_t best;
    int32_t age;
    int32_t waiting;
    int32_t rest;
    int16_t seen[${P}_SMOOTHED][${P}_CLASSES];
    int16_t place;
    int16_t number;
    uint8_t lasts;
    uint8_t lasting[${P}_CLASSES];
    uint8_t ignored[${P}_CLASSES];
} ${p}_detector;

/* Begins to listen; what came before was silence. */
void ${p}_detector_init(${p}_detector *detector);

/* Takes the probabilities after a time step, 32767 at most, and returns the class of a word that was heard, else -1. It
 * was clearest detector->age time steps ago, where the mean of its probabilities was
 * detector->best / (${P}_CERTAIN * ${P}_SMOOTHED). */
int ${p}_detect(${p}_detector *detector, const int16_t probabilities[${P}_CLASSES]);

#ifndef ${P}_NO_FLOAT
/* The same, of the codes that ${p}_output has made. */
int ${p}_listen(${p}_detector *detector, const $output_type output[${P}_OUTPUTS]);
#endif
