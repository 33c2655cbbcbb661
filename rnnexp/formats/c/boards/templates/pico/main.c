/* Runs the example over and over again; what it prints goes to USB and to the UART. */
#include "pico/stdlib.h"

#define main example_main
#include "%{name}-main.c"
#undef main

int main(void)
{
    stdio_init_all();
    for (;;) {
        example_main(%{arguments});
        sleep_ms(5000);
    }
}
