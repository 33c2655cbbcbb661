/* Runs the example once; what it prints is seen with idf.py monitor. */
#define main example_main
#include "%{name}-main.c"
#undef main

void app_main(void)
{
    example_main(%{arguments});
}
