/**
 * What the tools print, as their documents show it: none of it was taken from a machine of ours.
 *
 * - `nvidia-smi`: manual of release 580, `--query-gpu … --format=csv,noheader,nounits`; `pmon` of releases 470 (without
 *   `jpg` and `ofa`) and 550
 * - `rocm-smi --json`: ROCm 6.x, as its `rocm_smi_lib` prints it; numbers are texts
 * - `ioreg -r -d 1 -w 0 -c IOAccelerator`: macOS 14 on Apple silicon, shortened
 * - `xpu-smi dump`: Intel XPU Manager, `doc/smi_user_guide.md` of 1.0 and of 1.2
 * - `pmset -g batt`: macOS 14
 */
export const nvidiaTwoGpus = `0, 97, 18240, 24576, 71
1, 0, 4, 24576, 33
`;
export const nvidiaWithout = `0, [N/A], 512, [N/A], [N/A]
1, 12, 4, 8192, [Not Supported]
`;
export const pmon550 = `# gpu         pid   type     sm    mem    enc    dec    jpg    ofa    command
# Idx           #    C/G      %      %      %      %      %      %    name
    0       1863     G      2      1      -      -      -      -    Xorg
    0      22010     C     60     41      -      -      -      -    ollama_llama_se
    0      30111   C+G     35     12      -      -      -      -    Blender Render
    1          -     -      -      -      -      -      -      -    -
`;
export const pmon470 = `# gpu        pid  type    sm   mem   enc   dec   command
# Idx          #   C/G     %     %     %     %   name
    0      22010     C    98    56     -     -   python3
`;
/** A GeForce under Windows: processes are known, their shares are not. */
export const pmonWithoutShares = `# gpu        pid  type    sm   mem   enc   dec   command
# Idx          #   C/G     %     %     %     %   name
    0       1234   C+G     -     -     -     -   explorer.exe
    0       4321     C     -     -     -     -   ollama.exe
`;
export const rocm = `WARNING: AMD GPU device(s) is/are in a low-power state. Check power control/runtime_status

{"card0": {"Temperature (Sensor edge) (C)": "47.0", "Temperature (Sensor junction) (C)": "52.0", "GPU use (%)": "31", "VRAM Total Memory (B)": "17163091968", "VRAM Total Used Memory (B)": "482263040"}, "card1": {"Temperature (Sensor junction) (C)": "40.0", "GPU use (%)": "N/A"}, "system": {"Driver version": "6.7.0"}}
`;
export const ioreg = `+-o AGXAcceleratorG13X  <class AGXAcceleratorG13X, id 0x1000004c5, registered, matched, active, busy 0>
    {
      "PerformanceStatistics" = {"In use system memory (driver)"=0,"Alloc system memory"=5296744038,"Tiler Utilization %"=10,"recoveryCount"=0,"Renderer Utilization %"=15,"Device Utilization %"=16,"In use system memory"=2363801600}
      "IOReportLegend" = ({"IOReportChannels"=((1,2,"Device Utilization %"))})
    }
`;
export const xpuSmi10 = `Timestamp, DeviceId, GPU Utilization (%), GPU Core Temperature (C)
06:14:46.000,    0, 88.20, 61.00
06:14:46.000,    1, N/A, N/A
`;
export const xpuSmi12 = `Timestamp, DeviceId, GPU Utilization (%), GPU Core Temperature (Celsius Degree)
14:32:57.448,    0, 12.00,  39
`;
export const pmsetBattery = `Now drawing from 'Battery Power'
 -InternalBattery-0 (id=22806627)\t78%; discharging; 5:05 remaining present: true
`;
export const pmsetMains = `Now drawing from 'AC Power'
 -InternalBattery-0 (id=22806627)\t83%; charging; 1:00 remaining present: true
`;
