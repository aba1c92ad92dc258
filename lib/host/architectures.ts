/** Architectures by the engine's name (`uname -m`), with Nova's name (`nova.virt.arch`) and Placement's trait. */
const architectures: Readonly<Record<string, readonly [name: string, trait: string]>> = {
  x86_64: ['x86_64', 'HW_ARCH_X86_64'],
  i686: ['i686', 'HW_ARCH_I686'],
  aarch64: ['aarch64', 'HW_ARCH_AARCH64'],
  armv7l: ['armv7l', 'HW_ARCH_ARMV7'],
  armv6l: ['armv6', 'HW_ARCH_ARMV6'],
  ppc64le: ['ppc64le', 'HW_ARCH_PPC64LE'],
  s390x: ['s390x', 'HW_ARCH_S390X'],
  mips64el: ['mips64el', 'HW_ARCH_MIPS64EL'],
};

/** Nova's name of an architecture; undefined if Nova does not know it (`riscv64`): Nova fails on an unknown name. */
export function novaArchitecture(machine: string): string | undefined {
  return architectures[machine]?.[0];
}

/** Placement's traits of an architecture; none if it is unknown, because Placement refuses unknown traits. */
export function architectureTraits(novaName: string): string[] {
  return Object.values(architectures).flatMap(([name, trait]) => (name === novaName ? [trait] : []));
}
