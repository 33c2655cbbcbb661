
/* The number of the likeliest class, and the names of the classes. */
int ${p}_class(const $output_type output[${P}_OUTPUTS]);
extern const char *const ${p}_class_names[$classes];
