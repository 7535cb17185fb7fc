/*
 * Facts of a configuration, and of the Xen that will restore the save.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/facts.h"
#include "limits/host.h"
#include "support.h"

static struct limits_config_facts config_of(const char *text, bool json)
{
    struct limits_facts f;

    limits_facts_init(&f);
    config_facts(&f, text, strlen(text), json);
    return f.config;
}

static void configurations(void)
{
    struct limits_config_facts c;

    c = config_of("# viridian = 1\nviridian=0\nmemory = 512 # MiB\nvcpus= 4\nmaxvcpus=8\n"
                  "builder='hvm'\nnestedhvm=1\nxen_platform_pci=0\ntsc_mode=\"native_paravirt\"\n"
                  "device_model_version = \"qemu-xen-traditional\"\n",
                  false);
    CHECK(c.found && !c.json && !c.viridian && !c.bad_builder && c.nested_hvm);
    CHECK(c.no_platform_pci && c.pvrdtscp && c.traditional && !c.has_device_model);
    CHECK_INT(c.memory_kib, 512 * 1024);
    CHECK_INT(c.vcpus, 4);
    CHECK_INT(c.max_vcpus, 8);
    CHECK(config_of("viridian = [ 'all' ]", false).viridian);
    CHECK(config_of("viridian=1", false).viridian);
    CHECK(!config_of("xviridian=1\nviridian\n=1", false).viridian);
    c = config_of("vcpus=1;viridian=1 ; maxvcpus = 2", false);
    CHECK(c.viridian);
    CHECK_INT(c.vcpus, 1);
    CHECK_INT(c.max_vcpus, 2);
    CHECK(config_of("disk=['a;b', \"#\"]; viridian=1", false).viridian);
    CHECK(!config_of("extra='\\';viridian=1'#;viridian=1\n# ;viridian=1", false).viridian);
    CHECK(config_of("extra='\nviridian=1", false).viridian);
    CHECK(config_of("device_model_override = '/a'", false).has_device_model);
    CHECK_INT(config_of("viridian = [\n 'base', # x\n 'freq',\n]", false).viridian_mask, 1);
    CHECK_INT(config_of("viridian = [ 'base'\nvcpus = 3", false).vcpus, 3);
    CHECK_INT(config_of("[\n]; vcpus = 2\nvcpus = 3", false).vcpus, 3);
    CHECK_TEXT(
        config_of("device_model_args_hvm=['-a']\ndevice_model_args_hvm+=['b']", false).qemu_args,
        "\n-a\nb\n");
    c = config_of("device_model_args_hvm = [ '-a]', [ \"b\\\"\" ],\n'c' ]", false);
    CHECK_TEXT(c.qemu_args, "\n-a]\nb\"\nc\n");
    CHECK_TEXT(config_of("{\"extra_hvm\": [\"-a]\", \"b\"]}", true).qemu_args, "\n-a]\nb\n");
    c = config_of("{\"c_info\": {\"type\": \"hvm\", \"pvh\": \"True\"},\n\"b_info\": {\n"
                  "\"max_vcpus\": 3, \"tsc_mode\": \"native_paravirt\",\n"
                  "\"device_model_version\": \"qemu_xen_traditional\", \"device_model\": \"/x\",\n"
                  "\"type.hvm\": {\"viridian\": \"True\", \"acpi\": \"False\",\n"
                  "\"nested_hvm\": \"True\", \"x\\\"viridian\": \"False\"}}}",
                  true);
    CHECK(c.json && c.pvh && c.pvrdtscp && c.traditional && c.has_device_model && c.viridian);
    CHECK(c.acpi_off && c.nested_hvm && !c.stubdom);
    CHECK_INT(c.max_vcpus, 3);
    CHECK(!config_of("{\"viridian\"", true).viridian);
    CHECK(!config_of("{\"viridian\":", true).viridian);
    CHECK(!config_of("{\"viridian\": \"Tru", true).traditional);
}

/* xl takes a value of another kind than it expects as none (xlu_cfg_get_long()). */
static void values_of_another_kind(void)
{
    struct limits_config_facts c;

    c = config_of("acpi=00\nnestedhvm=2\nviridian=0x1\ntsc_mode=03\nxen_platform_pci='0'", false);
    CHECK(c.acpi_off && c.nested_hvm && c.viridian && c.pvrdtscp && c.no_platform_pci);
    c = config_of("acpi='False'\nnestedhvm=[1]\nviridian='no'\ntimer_mode=[1]\npvh='True'", false);
    CHECK(!c.acpi_off && !c.nested_hvm && !c.viridian && !c.timer_mode && !c.pvh);
    c = config_of("vcpus='-1'\nmaxvcpus=2\nmaxvcpus+=2\nmemory='64M'\nviridian=[]", false);
    CHECK(c.vcpus == 0 && c.max_vcpus == 0 && c.memory_kib == 0);
    CHECK(!c.viridian && c.viridian_mask == 0);
    CHECK_INT(config_of("vcpus=2abc", false).vcpus, 0);
    CHECK_INT(config_of("vif=['type=vif']\nvif=['','type=vif','a']", false).emulated_nics, 5);
    CHECK_INT(config_of("{\"nics\": [{\"nictype\": \"vif\"}, {\"nictype\": \"vif_ioemu\"}]}", true)
                  .emulated_nics,
              2);
    c = config_of("builder=['x']\ntype=['hvm']", false);
    CHECK(c.builder_type == GUEST_UNKNOWN && !c.bad_builder && c.type == GUEST_UNKNOWN);
    CHECK(!config_of("viridian=['base']\nviridian=[]", false).viridian);
}

/* These texts were given to the parser of Xen 4.17. */
static void syntax(void)
{
    static const char *const good[] = {"",
                                       "a=1 # b\n#",
                                       "a=\"\\n\\101\\1012'\\\"\"",
                                       "a=[\n1,#\n'x',]",
                                       "a=[[1],'x'\n]; b+='y'",
                                       ";;a=0x1f\n",
                                       "a=1'",
                                       "a=1?",
                                       "a._9=1"};
    static const char *const bad[] = {
        "x=1\na",        "x=1\na=1 # b", "x=1\na='\\.'", "x=1\na='\\1'", "x=1\na='\\x41'",
        "x=1\na=True\n", "x=1\nA=1",     "x=1\na=[1 2]", "x=1\na=1 b=2", "x=1\na=1\r\n"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CHECK_THAT(config_of(good[i], false).bad_line == 0, "%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_THAT(config_of(bad[i], false).bad_line == 2, "%s", bad[i]);
}

static void releases_by_name(void)
{
    static const char *const bad[] = {"",    "4",        "4.",    "4.5",     "4.23",  "4.17.",
                                      "5.6", "4.17.x",   "4.-17", "4.17.1.", "4.17 ", " 4.17",
                                      "hos", "4.17.100", "3.4",   "4.17.1.1"};
    struct limits_host host;
    char text[64];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_THAT(!limits_host_parse(bad[i], &host), "%s", bad[i]);
    CHECK(limits_host_parse("4.6", &host) && host.minor == 6 && host.point == LIMITS_POINT_ANY);
    CHECK(limits_host_parse("4.22.0", &host) && host.minor == 22 && host.point == 0);
    CHECK(limits_host_parse("4.22.99", &host) && host.minor == 22 && host.point == 99);
    CHECK(limits_host_parse("4.14.3", &host) && host.minor == 14 && host.point == 3);
    limits_host_text(&host, text, sizeof(text));
    CHECK_TEXT(text, "Xen 4.14.3");
    host.is_local = true;
    limits_host_text(&host, text, sizeof(text));
    CHECK_TEXT(text, "this host (Xen 4.14.3)");
}

static void put_host_file(struct scratch *s, const char *path, const char *text)
{
    char full[400];

    snprintf(full, sizeof(full), "%s%s", s->dir, path);
    for (char *p = full + strlen(s->dir) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(full, 0700);
        *p = '/';
    }
    write_file(full, text, strlen(text));
}

static void this_host(void)
{
    struct scratch s;
    struct limits_host host;
    char command[400], path[100];

    scratch_make(&s);
    limits_host_read(s.dir, &host);
    CHECK(!host.given);
    put_host_file(&s, "/sys/hypervisor/type", "xen\n");
    limits_host_read(s.dir, &host);
    CHECK(!host.given);
    put_host_file(&s, "/sys/hypervisor/version/major", "4\n");
    put_host_file(&s, "/sys/hypervisor/version/minor", "17\n");
    put_host_file(&s, "/sys/hypervisor/version/extra", ".7-pre\n");
    limits_host_read(s.dir, &host);
    CHECK(host.given && host.is_local && host.minor == 17 && host.point == 7);
    CHECK(!host.pv && !host.pv32 && !host.hvm && !host.vendor && !host.l1tf);
    CHECK(!host.qemu_traditional && !host.emulators_complete && !host.cpu[LIMITS_CPU_AVX]);
    put_host_file(&s, "/sys/hypervisor/version/extra", "-rc3\n");
    put_host_file(&s, "/sys/hypervisor/properties/capabilities",
                  "xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 \n");
    put_host_file(&s, "/sys/hypervisor/guest_type", "PV\n");
    put_host_file(&s, "/proc/cpuinfo",
                  "processor\t: 0\nvendor_id\t: AuthenticAMD\nvmx flags\t: x\n"
                  "flags\t\t: fpu fsgsbase avx xsave\nbugs\t\t: \n\nprocessor\t: 1\n"
                  "flags\t\t: smep smap avx512f\n");
    put_host_file(&s, "/sys/devices/system/cpu/vulnerabilities/l1tf", "Not affected\n");
    put_host_file(&s, "/usr/lib/xen-4.17/bin/libxl-save-helper", "");
    put_host_file(&s, "/usr/bin/qemu-system-x86_64", "");
    limits_host_read(s.dir, &host);
    CHECK_INT(host.point, LIMITS_POINT_ANY);
    CHECK_INT(host.pv, LIMITS_YES);
    CHECK_INT(host.pv32, LIMITS_NO);
    CHECK_INT(host.hvm, LIMITS_YES);
    CHECK_INT(host.vendor, LIMITS_VENDOR_AMD);
    CHECK_INT(host.cpu[LIMITS_CPU_AVX], LIMITS_YES);
    CHECK_INT(host.cpu[LIMITS_CPU_AVX512], LIMITS_NO);
    CHECK_INT(host.cpu[LIMITS_CPU_SMEP], LIMITS_UNKNOWN); /* a PV dom0 does not see it */
    CHECK_INT(host.l1tf, LIMITS_NO);
    CHECK_INT(host.qemu_traditional, LIMITS_NO);
    CHECK(host.emulators_complete);
    put_host_file(&s, "/sys/hypervisor/guest_type", "PVH\n");
    put_host_file(&s, "/usr/lib/xen-4.17/bin/qemu-dm", "");
    limits_host_read(s.dir, &host);
    CHECK_INT(host.cpu[LIMITS_CPU_SMEP], LIMITS_NO);
    CHECK_INT(host.qemu_traditional, LIMITS_YES);
    for (int i = 4; i <= LIMITS_EMULATORS_MAX + 1; i++) { /* one more than there is room for */
        snprintf(path, sizeof(path), "/usr/lib/xen-4.%d/bin/qemu-dm", i + 20);
        put_host_file(&s, path, "");
        limits_host_read(s.dir, &host);
        CHECK_INT(host.emulators_count, i < LIMITS_EMULATORS_MAX ? i : LIMITS_EMULATORS_MAX);
        CHECK_INT(host.emulators_complete, i <= LIMITS_EMULATORS_MAX);
    }
    put_host_file(&s, "/sys/hypervisor/version/minor", "5\n");
    limits_host_read(s.dir, &host);
    CHECK(!host.given);
    snprintf(command, sizeof(command), "rm -r '%s'", s.dir);
    CHECK_INT(system(command), 0);
}

CU_TestInfo host_tests[] = {
    {"configurations", configurations},
    {"values of another kind", values_of_another_kind},
    {"syntax", syntax},
    {"releases by name", releases_by_name},
    {"this host", this_host},
    CU_TEST_INFO_NULL,
};
