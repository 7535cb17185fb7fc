/*
 * Runs in place of libvirtd under its AppArmor profile, and tries to execute each argument. Prints the profile, and for each
 * argument "PATH: runs" or the error.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void show_profile(void)
{
    char line[256] = "";
    FILE *f = fopen("/proc/self/attr/current", "r");

    if (f && fgets(line, sizeof(line), f))
        line[strcspn(line, "\n")] = '\0';
    printf("libvirtd's profile: %s\n", line);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    show_profile();
    for (int i = 1; i < argc; i++) {
        int status = 0;
        pid_t pid = fork();

        if (pid == 0) {
            execl(argv[i], argv[i], "--version", (char *)NULL);
            _exit(errno);
        }
        waitpid(pid, &status, 0);
        printf("%s: %s\n", argv[i], status == 0 ? "runs" : strerror(WEXITSTATUS(status)));
        fflush(stdout);
    }
    return 0;
}
