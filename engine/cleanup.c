#include "engine/run.h"

bool command_cleanup(Run *run, Error *err)
{
    (void)run;
    return error_set(err, ERROR_OTHER, "not there yet");
}
