/* As much of Arduino as the sketch has, printing to stdout: setup(), a few times loop(), and the end at a long delay(). */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __AVR__
#include <avr/pgmspace.h>
#else
#define PSTR(text) (text)
#endif

class __FlashStringHelper;
#define F(text) (reinterpret_cast<const __FlashStringHelper *>(PSTR(text)))

void setup();
void loop();
unsigned long millis();
void delay(unsigned long milliseconds);

class Port {
public:
    void begin(unsigned long) {}
    explicit operator bool() const { return true; }
    void print(const __FlashStringHelper *text);
    void print(const char *text) { printf("%s", text); }
    void print(double value, int decimals);
    void println(const __FlashStringHelper *text) { print(text), printf("\n"); }
    void println(int value) { printf("%d\n", value); }
    void println(double value, int decimals) { print(value, decimals), printf("\n"); }
};

extern Port Serial;

#endif
