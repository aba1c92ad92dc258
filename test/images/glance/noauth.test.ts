import { GlanceImageService } from '../../../lib/image-services/index.js';
import { describeImageService } from '../contract/index.js';
import { noauth, noauthOptions } from './environment.js';

describeImageService('GlanceImageService without Keystone', () =>
  Promise.resolve({ service: new GlanceImageService(noauthOptions()), ...noauth }),
);
