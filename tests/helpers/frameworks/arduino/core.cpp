#include <Arduino.h>

Port Serial;

void Port::print(const __FlashStringHelper *text)
{
    const char *letter = reinterpret_cast<const char *>(text);
#ifdef __AVR__
    for (; pgm_read_byte(letter); letter++) {
        putchar(pgm_read_byte(letter));
    }
#else
    printf("%s", letter);
#endif
}

void Port::print(double value, int decimals)
{
#ifdef __AVR__
    /* Its printf has no "*". */
    char text[40];
    printf("%s", dtostrf(value, 1, decimals, text));
#else
    printf("%.*f", decimals, value);
#endif
}

unsigned long millis()
{
    return 0;
}

void delay(unsigned long milliseconds)
{
    if (milliseconds >= 5000) {
        exit(0);
    }
}

int main()
{
    setup();
    for (int i = 0; i < 100; i++) {
        loop();
    }
    return 1;
}
