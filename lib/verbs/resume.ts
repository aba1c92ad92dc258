import type { ResumeOptions } from '../../interfaces/index.js';
import { InstanceResumeFailure } from '../../interfaces/index.js';
import type { Verb } from './definition/index.js';
import { powerOn, type PowerOnSubjects } from './power-on.js';

export const resume: Verb<PowerOnSubjects, ResumeOptions, void> = {
  ...powerOn,
  action: 'resume',
  failure: InstanceResumeFailure,
};
