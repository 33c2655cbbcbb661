/* Returns a number of so many bytes, the lowest first; -1 behind the file's end. */
static int32_t little_endian(FILE *file, int bytes)
{
    uint32_t number = 0;
    int i;
    for (i = 0; i < bytes; i++) {
        const int byte = getc(file);
        if (byte == EOF) {
            return -1;
        }
        number |= (uint32_t)byte << (8 * i);
    }
    return number > 0x7FFFFFFFu ? -1 : (int32_t)number;
}

/* Goes to the samples of a wav file, and returns how many there are; -1 if it is no such file, -2 if it is cut off. Of a
 * size that whoever wrote it did not know, in a pipe, they go on to the file's end. */
static int32_t first_sample(FILE *file)
{
    char name[4];
    int usable = 0;
    if (fread(name, 1, 4, file) != 4 || memcmp(name, "RIFF", 4) != 0 || fseek(file, 12, SEEK_SET) != 0) {
        return -1;
    }
    while (fread(name, 1, 4, file) == 4) {
        const int32_t size = little_endian(file, 4);
        const long begin = ftell(file);
        if (begin < 0) {
            return -1;
        }
        if (memcmp(name, "data", 4) == 0) {
            long left;
            if (!usable || fseek(file, 0, SEEK_END) != 0) {
                return -1;
            }
            left = ftell(file) - begin;
            if (left < 0 || left > 0x7FFFFFFEL || fseek(file, begin, SEEK_SET) != 0) {
                return -1;
            }
            return size > left ? -2 : (int32_t)(size < 0 ? left : size) / 2;
        }
        if (size < 0) {
            return -1;
        }
        if (memcmp(name, "fmt ", 4) == 0) {
            const int32_t form = little_endian(file, 2), channels = little_endian(file, 2);
            const int32_t rate = little_endian(file, 4), bits = (little_endian(file, 4), little_endian(file, 4)) >> 16;
            usable = (form == 1 || form == 0xFFFE) && channels == 1 && rate == ${P}_SAMPLE_RATE && bits == 16;
        }
        if (fseek(file, begin + size + size % 2, SEEK_SET) != 0) {
            return -1;
        }
    }
    return -1;
}

/* Opens a wav file, goes to its samples and returns how many there are; says why, and returns -1, where there are none. */
static int32_t opened(const char *path, FILE **file)
{
    int32_t count;
    *file = fopen(path, "rb");
    count = *file ? first_sample(*file) : -1;
    if (count > 0) {
        return count;
    }
    if (count == -1) {
        printf("%s: no wav file of 16-bit PCM, one channel, %ld samples a second\n", path, (long)${P}_SAMPLE_RATE);
    } else {
        printf("%s: %s\n", path, count == 0 ? "no samples" : "cut off");
    }
    if (*file) {
        fclose(*file);
    }
    return -1;
}

/* A rising tone and some noise: the sample at a place. */
static int16_t made_up(int32_t place)
{
    static uint32_t noise, phase;
    int32_t tone;
    noise = place == 0 ? 1 : (noise * 1664525u + 1013904223u) & 0xFFFFFFFFu;
    phase = place == 0 ? 0 : (phase + 300u + (uint32_t)place / 8u) & 0xFFFFu;
    tone = phase < 32768u ? (int32_t)phase / 4 - 4096 : 12287 - (int32_t)phase / 4;
    return (int16_t)(tone + (int32_t)(noise >> 24) - 128);
}

