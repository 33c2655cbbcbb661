/* Runs the example over and over again; what it prints goes to USB and to the UART. */
#include "pico/stdlib.h"

int example_main(void);

int main(void)
{
    stdio_init_all();
    for (;;) {
        example_main();
        sleep_ms(5000);
    }
}
