import { GlanceImageService } from '../../../lib/image-services/index.js';
import { describeImageService } from '../contract/index.js';
import { contextOf, keystone, passwordAuth, setting } from './environment.js';

describeImageService('GlanceImageService with Keystone tokens of request contexts', async () => ({
  service: new GlanceImageService({ auth: { type: 'context_token' }, endpoints: keystone.endpoint }),
  member: await contextOf(passwordAuth(), keystone.demo_project_id),
  other: await contextOf(passwordAuth('other'), keystone.other_project_id),
  admin: await contextOf(passwordAuth('admin', setting('ADMIN_PASSWORD')), 'admin'),
}));
