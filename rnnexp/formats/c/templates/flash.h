/* Constants stay in flash where that is another memory. */
#ifdef __FLASH
#define FLASH __flash
#else
#define FLASH
#endif
