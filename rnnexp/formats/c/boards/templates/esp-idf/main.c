/* Runs the example once; what it prints is seen with idf.py monitor. */
int example_main(void);

void app_main(void)
{
    example_main();
}
