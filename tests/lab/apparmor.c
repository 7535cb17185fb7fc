/*
 * Stands in for libvirtd under its AppArmor profile: for each argument, can it be executed? Prints the profile that it has,
 * and a line for each: "PATH: runs" with the profile that the program got and whether it kept its environment, or the error.
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
