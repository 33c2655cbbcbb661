/* What a program prints goes to the serial port; once it has ended, the processor sleeps, and so does simavr. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <stdio.h>

static int put(char letter, FILE *file)
{
    (void)file;
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    UDR0 = (uint8_t)letter;
    return 0;
}

static FILE serial = FDEV_SETUP_STREAM(put, NULL, _FDEV_SETUP_WRITE);

__attribute__((constructor)) static void start(void)
{
    UCSR0B = 1 << TXEN0;
    stdout = &serial;
}

__attribute__((destructor)) static void end(void)
{
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    cli();
    sleep_enable();
    sleep_cpu();
}
